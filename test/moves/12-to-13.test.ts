import { describeMove } from './move.ts';

describeMove('12', '13');
