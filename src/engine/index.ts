export type * from './actions.ts';
export { decide } from './decide.ts';
export { isEligible, tally } from './decide/gate.ts';
export { evolve, stateOf } from './evolve.ts';
export * from './events.ts';
export { hasStarted, initialState, isSettled, type RunData, type Task } from './state.ts';
export { parseTaskPath } from './task-path.ts';
