export { type Api, type ApiCall, createApi, refusal, shaped } from './api.ts';
export { type Exchange, type ExchangeRequest, type ExchangeResponse } from './exchange.ts';
export { allPages, tooMany } from './pages.ts';
export { apiPath, eachSegment } from './path.ts';
export { createSender, placeOf, type Sender } from './sender.ts';
export { createTurns } from './turns.ts';
