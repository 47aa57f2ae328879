// Compiled, not run: what TypeScript programs may write, and what they may not.
import { Emulator, EmulatorError, startEmulator } from "../index.js";

export async function uses(): Promise<string> {
  await using emu: Emulator = await startEmulator({ loose: true, timeout: 5_000, log: (line) => line.trim() });
  await emu.rehearse("quota-hit", { times: 3 });
  await emu.advance("24h");
  await emu.fault("create", { dropAfter: true }, 2);
  const ca: string | undefined = emu.tls?.ca;
  const names: string[] = emu.users.map((user) => user.name);
  return (await emu.token({ user: names[0], version: "1.0" })) + ca + emu.connectionString;
}

export async function misuses(error: unknown): Promise<number | undefined> {
  // @ts-expect-error there is no such option
  const emu = await startEmulator({ loos: true });
  // @ts-expect-error a version is one of two
  await emu.token({ version: "3.0" });
  // @ts-expect-error what it says about itself is not to be changed
  emu.authority = "";
  return error instanceof EmulatorError ? error.status : undefined;
}
