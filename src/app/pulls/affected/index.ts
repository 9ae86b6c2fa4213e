export { type Affected, affectedBy, type Reason } from './affected.ts';
export { createSnapshots, type Snapshot, type Snapshots } from './snapshot.ts';
