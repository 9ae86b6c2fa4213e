export { verifyChain } from './chain.ts';
export { type JournalOptions, openJournal } from './open.ts';
export type * from './port.ts';
