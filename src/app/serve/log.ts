/** Structured log of a server; a pino logger is one. Fields never hold bodies of requests or inputs of runs. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
/** For whoever needs none. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
