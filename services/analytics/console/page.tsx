import type { ServicePages } from '#console/service-page.ts';
import { connectPostgres } from './connect.ts';

/** Lines for clients; the lists of sources and views are derived. */
const pages: ServicePages = { connect: { postgres: connectPostgres } };

export default pages;
