export { cloudEventOf, type EventOrigin } from './cloud-event.ts';
export { endNoticeOf, inputWords, type RunNotice, runNoticeOf } from './run-notices.ts';
