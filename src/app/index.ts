export { createApp } from './create-app.ts';
export type { OpenRun, Overview } from './overview.ts';
export type { Repair, RepairOptions } from './repair.ts';
export type { SeenLock, Unlocked, UnlockRequest } from './see-locks.ts';
export type { SuperviseOptions } from './supervise.ts';
export type * from './types.ts';
export type * from './wiring.ts';
export type * from './keep-types.ts';
