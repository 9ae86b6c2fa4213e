export { openRehearsal, type Rehearsal, type RehearsalSettings } from './rehearsal.ts';
