struct point {
    short x, y;
};

int area(struct point point)
{
    return point.x * point.y;
}

struct point swapped(const struct point *point)
{
    return (struct point){point->y, point->x};
}
