export { createSsh, type SshOptions } from './ssh.ts';
