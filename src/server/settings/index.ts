export { type ReadySettings, type ReadyTrigger, readServerSettings, type SettingsPorts } from './read.ts';
export { isLoopback, type LimitSettings, type LoginSettings, type RepositorySettings, ServerSettings, type TriggerSettings } from './schema.ts';
