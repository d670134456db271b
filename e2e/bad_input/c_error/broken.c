int answer(void)
{
    return undeclared_value;
}
