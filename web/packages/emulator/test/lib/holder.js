// A process that starts an emulator, says where it is, and never stops it.
import { startEmulator } from "../../index.js";

const [binary, then] = process.argv.slice(2);
const emu = await startEmulator({ binary });
console.log(emu.admin);
if (then === "wait") setInterval(() => {}, 1_000);
if (then === "crash") throw new Error("on purpose");
