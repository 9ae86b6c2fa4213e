export { type Affected, affectedBy, isTouched, type Reason } from './affected.ts';
export { createSnapshots, type Snapshot, type Snapshots } from './snapshot.ts';
