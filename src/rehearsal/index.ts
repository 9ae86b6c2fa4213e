export { type ArmedStep, openRehearsal, type Rehearsal, type RehearsalSettings } from './rehearsal.ts';
