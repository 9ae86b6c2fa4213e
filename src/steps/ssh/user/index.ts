export { sshUser } from './user.ts';
