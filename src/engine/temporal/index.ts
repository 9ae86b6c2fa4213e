export { openTemporal, type TemporalOptions } from './engine.ts';
export type { TemporalSettings, TlsSettings } from './settings.ts';
