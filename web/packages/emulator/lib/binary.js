// Finds the program acsauth-dev.
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { EmulatorError } from "./error.js";

/** The one command that installs the program. */
export const install = "go install github.com/acs-solutions/acsauth/cmd/acsauth-dev@latest";

/**
 * findBinary looks at the option, then at ACSAUTH_DEV, then along PATH. A place that was named is not passed over in silence.
 * @param {string | undefined} option
 * @param {NodeJS.ProcessEnv} env
 */
export function findBinary(option, env) {
  if (option !== undefined) return named(option, "the option binary");
  if (env.ACSAUTH_DEV) return named(env.ACSAUTH_DEV, "ACSAUTH_DEV");
  const file = process.platform === "win32" ? "acsauth-dev.exe" : "acsauth-dev";
  for (const folder of (env.PATH ?? env.Path ?? "").split(path.delimiter)) {
    const candidate = path.join(folder, file);
    if (path.isAbsolute(folder) && runnable(candidate)) return candidate;
  }
  throw new EmulatorError(
    `acsauth-dev is not in PATH, and neither the option binary nor ACSAUTH_DEV says where it is. Install it with:\n\n    ${install}\n\n` +
      "Go puts it into $(go env GOPATH)/bin; have that folder in PATH.",
  );
}

/**
 * @param {unknown} file
 * @param {string} by who named it
 */
function named(file, by) {
  if (typeof file !== "string" || file === "" || !runnable(file)) {
    throw new EmulatorError(`${by} is ${JSON.stringify(file)}, and no program is there. Install it with:\n\n    ${install}`);
  }
  return path.resolve(file);
}

/** @param {string} file */
function runnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
