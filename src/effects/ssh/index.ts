export { createSsh, type SshOptions } from './ssh.ts';
export { shellQuote } from './quote.ts';
