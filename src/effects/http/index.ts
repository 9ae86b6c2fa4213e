export { createHttp, type HttpEffect, type HttpOptions } from './http.ts';
export type { Place, Resolve } from './place.ts';
