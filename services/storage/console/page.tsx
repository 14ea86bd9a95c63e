import type { ServicePages } from '#console/service-page.ts';
import { connectS3 } from './connect.ts';
import { ObjectBrowser } from './object-browser.tsx';
import { StorageOverview } from './overview.tsx';
import { Uploads } from './uploads.tsx';

/** Storage's own pages: its numbers, the object browser, unfinished uploads, and lines for S3 clients. */
const pages: ServicePages = {
  why: {
    buckets: 'Files, pictures, backups: whatever a program keeps lies in a bucket, behind the S3 protocol that its client speaks already.',
  },
  overview: StorageOverview,
  tabs: {
    buckets: [
      { path: 'objects', title: 'Objects', page: ObjectBrowser },
      { path: 'uploads', title: 'Unfinished uploads', page: Uploads },
    ],
  },
  connect: { s3: connectS3 },
};

export default pages;
