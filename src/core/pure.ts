/**
 * The part of core that needs nothing of Node: what the brain of the engine is made of, so that it also runs where there is no file, no clock
 * and no chance, such as inside a Temporal workflow. Whoever must run there imports this; everybody else imports index.ts, which has all of it.
 */
export { formatDuration, parseDuration } from './duration.ts';
export { EXIT, type ErrorDetail, type ExitCode, messageOf, type RetryAdvice, SlipwayError, unreachable } from './error.ts';
export { canonicalJson, type Digest, isArray, isObject, type Json, type JsonObject } from './json.ts';
export { didYouMean, type Parsed, type Problem } from './problem.ts';
export { RESERVED_KEYS } from './reserved.ts';
export { Secret } from './secret.ts';
export { sha256 } from './sha256.ts';
