export * from './pure.ts';
export { type Clock, systemClock } from './clock.ts';
export { digestOf, digestOfBytes } from './digest.ts';
export { causedRunId, newRunId, randomText } from './ids.ts';
export { PATTERN } from './pattern.ts';
export { createMaskStream, type MaskStream } from './mask-stream.ts';
export { createMasker, type Masker } from './masker.ts';
export { createRecent, type Recent } from './recent.ts';
export { clean, UNSAFE } from './text.ts';
