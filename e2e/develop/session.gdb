# What run has gdb do, behind the stop at app_main. Lines that start with == are for run.
set width 0
set pagination off
echo == at the start\n
backtrace
echo == a line further\n
next
frame
echo == in C\n
tbreak tick
continue
finish
tbreak tick
continue
next
next
next
info locals
echo == memory and registers\n
print cycles_per_us
print/x $ps
x/2i start_cpu0
echo == cores\n
info threads
echo == watched\n
set language c
watch last_cycles
continue
