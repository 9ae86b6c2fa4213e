export { createServer, type ServerOptions } from './create-server.ts';
export type { ServerDeps } from './deps.ts';
export { listen, type Listening } from './listen.ts';
export { openApiDocument } from './routes.ts';
export { type ReadySettings, type ReadyTrigger, readServerSettings, ServerSettings, type SettingsPorts } from './settings/index.ts';
