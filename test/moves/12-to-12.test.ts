import { describeMove } from './move.ts';

describeMove('12', '12');
