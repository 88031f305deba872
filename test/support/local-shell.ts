/** This machine as a host, with a directory of its own that is gone after the tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import type { Host } from '../../src/host/host.ts';
import { directoryHost } from './directory-host.ts';

const scratch = mkdtempSync(join(tmpdir(), 'opstimal-apply-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

export function local(): Host & { readonly scratch: string } {
  return Object.assign(directoryHost('', { name: 'here', live: true }), { scratch });
}
