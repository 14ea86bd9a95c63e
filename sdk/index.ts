export { type CallOptions, type Client, type ClientOptions, createClient } from './client.ts';
export { GamutError } from './error.ts';
export type { Sent } from './request.ts';
