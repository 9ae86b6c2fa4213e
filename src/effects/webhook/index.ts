export { createGuard, type Guard, type LookUp } from './guard.ts';
export { createWebhooks, type WebhooksOptions } from './webhooks.ts';
