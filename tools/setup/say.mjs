/** Lines for people go to stderr; stdout belongs to results. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** A failure of setup that people can mend; anything else is a bug and keeps its stack. */
export class SetupError extends Error {
  constructor(message, hint, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SetupError';
    this.hint = hint;
  }
}

/** `12 s`, `3 m 05 s`. */
export function elapsed(sinceMs) {
  const seconds = Math.round((Date.now() - sinceMs) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Say how far something is, at least every `everyMs`, until `stop()`. */
export function ticker(label, words, everyMs = 8_000) {
  const since = Date.now();
  const timer = setInterval(() => say(`${label}: ${words()} (${elapsed(since)})`), everyMs);
  return { since, stop: () => clearInterval(timer) };
}
