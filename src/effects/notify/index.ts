export { createNotify, type NotifyOptions } from './notify.ts';
