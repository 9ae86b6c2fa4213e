export { type Clock, systemClock } from './clock.ts';
export { formatDuration, parseDuration } from './duration.ts';
export { EXIT, type ErrorDetail, type ExitCode, messageOf, type RetryAdvice, SlipwayError, unreachable } from './error.ts';
export { causedRunId, newRunId, PATTERN, randomText } from './ids.ts';
export { canonicalJson, type Digest, digestOf, digestOfBytes, isArray, isObject, type Json, type JsonObject } from './json.ts';
export { createMasker, type Masker } from './masker.ts';
export { didYouMean, type Parsed, type Problem } from './problem.ts';
export { Secret } from './secret.ts';
export { clean, UNSAFE } from './text.ts';
