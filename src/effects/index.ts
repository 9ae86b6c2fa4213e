export { createEvidence, type EvidenceStore } from './evidence/index.ts';
export { createHttp, type HttpEffect, type HttpOptions, type Place, type Resolve } from './http/index.ts';
export { createMetrics, type MetricsEffect, type MetricsOptions } from './metrics/index.ts';
export { type ChannelsOptions, createChannels, createNotify, type NotifyOptions } from './notify/index.ts';
export { createTcp, type TcpOptions } from './tcp/index.ts';
export { createWebhooks, type WebhooksOptions } from './webhook/index.ts';
