export { pullMarkdown } from './markdown.ts';
export { replyMarkdown, type ReplyView } from './reply.ts';
export type * from './view.ts';
