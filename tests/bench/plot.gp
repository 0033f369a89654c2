# Each run as a point, the median as a bar: gnuplot -e "data='...'; image='...'" plot.gp
# data: x, label, seconds per line, in one block per way and major version; medians in data.".medians".
set terminal pngcairo size 1000,560 noenhanced font 'sans,11'
set output image
set title 'from empty directories to state = streaming: each run, and the median'
set ylabel 'seconds'
set yrange [0:*]
set xrange [0.4:*]
set grid ytics lc rgb '#dddddd'
set boxwidth 0.7
set style fill solid 0.35 noborder
set xtics rotate by -20
set key off
plot data.'.medians' using 1:3:xtic(2) with boxes lc rgb '#4477aa', \
	data using 1:3 with points pt 7 ps 0.8 lc rgb '#222222'
