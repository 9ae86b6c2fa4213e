export { slipwayRun } from './run.ts';
