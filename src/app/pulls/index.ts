export { createPulls } from './create-pulls.ts';
export { DELIVERIES, PullSettings, type PulledRepository, type PullsOptions } from './types.ts';
