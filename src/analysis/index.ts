export { ALGORITHM, compare } from './compare.ts';
export { distributionOf, quantileOf } from './distribution.ts';
export { Arm, Evidence, parseEvidence, Slot } from './evidence.ts';
export { createHistogram, type Histogram } from './histogram.ts';
export { type JudgeOptions } from './judge-metric.ts';
export { Metric } from './metric.ts';
export { createRandom, type Random } from './random.ts';
export { type Assumptions, sampleSize, type SampleSize } from './sample-size.ts';
export { type MetricResult, type Verdict, type VerdictName, VERDICTS } from './verdict.ts';
