export { startEmulator } from "./lib/start.js";
export { Emulator } from "./lib/emulator.js";
export { EmulatorError } from "./lib/error.js";
