// When glibc gives freed memory back to the system.
#pragma once

namespace ccp::edge {

// A large request's memory goes back to the allocator, not to the system: its pages would be cleared and mapped anew for
// the next one, which costs more than translating it. Before the first thread starts.
void KeepFreedMemory();

// Gives back what is free, of all threads; of what lies at the end of a thread's own memory, that of the calling one.
// Takes as long as there is memory to give: for a thread that is idle.
void ReturnFreedMemory();

}  // namespace ccp::edge
