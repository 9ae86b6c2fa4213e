export { sshLine } from './line.ts';
