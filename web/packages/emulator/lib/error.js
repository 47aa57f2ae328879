/** What went wrong with the emulator, or what it refused. */
export class EmulatorError extends Error {
  name = "EmulatorError";

  /**
   * @param {string} message
   * @param {{status?: number, cause?: unknown}} [more] status: that of the answer, if there was one
   */
  constructor(message, { status, cause } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}
