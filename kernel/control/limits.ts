import { limit } from '../contract/limit.ts';

export const eventsPerIngestMax = limit(1000, 'event', 'Most usage events in one batch.');
