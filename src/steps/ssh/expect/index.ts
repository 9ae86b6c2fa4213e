export { sshExpect } from './expect.ts';
