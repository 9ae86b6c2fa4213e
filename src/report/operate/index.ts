export { cloudEventOf, type EventOrigin } from './cloud-event.ts';
export { endNoticeOf, type RunNotice, runNoticeOf } from './run-notices.ts';
