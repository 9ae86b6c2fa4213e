export { slipwayRun, slipwayRun as slipwayRun2 } from './run.ts';
