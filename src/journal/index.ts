export { verifyChain } from './chain.ts';
export { type JournalOptions, openJournal } from './sqlite/open.ts';
export type * from './port.ts';
export { openSpillIn } from './spill.ts';
