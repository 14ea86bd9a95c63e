import type { ServicePages } from '#console/service-page.ts';
import { BucketDurability } from './bucket-durability.tsx';
import { BucketPolicy } from './bucket-policy.tsx';
import { connectS3 } from './connect.ts';
import { Cost } from './cost.tsx';
import { Drives } from './drives.tsx';
import { Durability } from './durability.tsx';
import { HotPrefixes } from './hot-prefixes.tsx';
import { Lifecycle } from './lifecycle.tsx';
import { ObjectBrowser } from './object-browser.tsx';
import { StorageOverview } from './overview.tsx';
import { Uploads } from './uploads.tsx';
import './insight.css';

/** Storage's own pages: its numbers, objects, policies and lifecycles of buckets, drives, durability, and lines for S3 clients. */
const pages: ServicePages = {
  why: {
    buckets: 'Files, pictures, backups: whatever a program keeps lies in a bucket, behind the S3 protocol that its client speaks already.',
  },
  overview: StorageOverview,
  places: [
    { path: 'drives', title: 'Drives', page: Drives, operation: 'DescribeDrives' },
    { path: 'durability', title: 'Durability', page: Durability, operation: 'EstimateDurability' },
    { path: 'cost', title: 'Cost', page: Cost, operation: 'ListBuckets' },
  ],
  tabs: {
    buckets: [
      { path: 'objects', title: 'Objects', page: ObjectBrowser },
      { path: 'policy', title: 'Policy', page: BucketPolicy },
      { path: 'lifecycle', title: 'Lifecycle', page: Lifecycle },
      { path: 'durability', title: 'Durability', page: BucketDurability },
      { path: 'hot', title: 'Hot prefixes', page: HotPrefixes },
      { path: 'uploads', title: 'Unfinished uploads', page: Uploads },
    ],
  },
  connect: { s3: connectS3 },
};

export default pages;
