export { headerOf, type Headers, malformed } from './headers.ts';
export { type HexHeader, verifyHexHeaders, verifyToken } from './hmac.ts';
export { keyBytes, signStandardWebhook, type StandardKeys, type StandardMessage, TOLERANCE_MS, verifyStandardWebhook } from './standard.ts';
