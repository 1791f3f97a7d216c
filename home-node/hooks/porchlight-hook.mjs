// For --import: the same as porchlight-hook.cjs, which says what it does.

import './porchlight-hook.cjs';
