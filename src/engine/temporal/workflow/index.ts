export { slipwayRun, slipwayRun as slipwayRun2, slipwayRun as slipwayRun3 } from './run.ts';
