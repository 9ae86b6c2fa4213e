export { sshTemplate } from './template.ts';
